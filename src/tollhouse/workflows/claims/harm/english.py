"""English: the words by which a claim tells of a person hit, hurt, burnt or killed, or of a fire, and those that undo them."""

from functools import cache

from .words import Cue, Harm, Veil, Words, any_of, compiler, word_set

_MACROS = {
    "person": r"(?:\d+ )?(?:roofer|painter|cleaner|gardener|farmer|builder|plumber|electrician|nurse|teacher|conductor|guard|steward|attendant|carpenter|waiter|hiker|tourist|visitor|guest|resident|tenant|soldier|fireman|firefighter|paramedic|doctor|trucker|commuter|lad|lass|bloke|fellow|chap|youth|newborn|minor|senior|granddad|grandad|nan|gran|nana|stepson|stepdaughter|stepfather|stepmother|roadworker|lollipop (?:lady|man)|delivery (?:man|boy|guy|driver)|shopper|dog walker|traveller|traveler|pedestrians|person|people|man|men|woman|women|lady|ladies|gentleman|gentlemen|guy|boy|girl|child|children|kid|baby|"
    r"babies|toddler|infant|teenager|teen|youngster|pensioner|wife|husband|spouse|partner|fiancee?|boyfriend|girlfriend|"
    r"mother|mom|mum|father|dad|son|daughter|brother|sister|grand ?(?:mother|father|ma|pa|son|daughter|parent|child|"
    r"children)|granny|aunt|uncle|cousin|nephew|niece|family|friend|neighbou?r|colleague|passenger|driver|occupant|"
    r"pedestrian|cyclist|bicyclist|biker|motorcyclist|motorbiker|rider|scooterist|jogger|runner|walker|skater|"
    r"skateboarder|worker|workman|officer|policeman|policewoman|cop|mechanic|technician|employee|courier|postman|"
    r"mailman|owner|contact|consumer|complainant|insured|claimant|customer|victim|student|pupil|schoolboy|schoolgirl|"
    r"bystander|flagger|someone|somebody|everyone|everybody|both|two|three|four|five|six|several|twins?)s?(?!'s?\b)",
    "road_user": r"(?:(?:\w+-)?year-olds?|roofer|painter|cleaner|gardener|farmer|builder|plumber|electrician|nurse|teacher|conductor|guard|steward|attendant|carpenter|waiter|hiker|tourist|visitor|guest|resident|tenant|soldier|fireman|firefighter|paramedic|doctor|trucker|commuter|lad|lass|bloke|fellow|chap|youth|newborn|minor|senior|granddad|grandad|nan|gran|nana|stepson|stepdaughter|stepfather|stepmother|roadworker|lollipop (?:lady|man)|delivery (?:man|boy|guy|driver)|shopper|dog walker|traveller|traveler|pedestrians|person|people|man|men|woman|women|lady|ladies|gentleman|guy|boy|girl|child|children|kid|baby|toddler|infant|"
    r"teenager|teen|pensioner|wife|husband|mother|mom|mum|father|dad|son|daughter|brother|sister|grandmother|"
    r"grandfather|grandma|grandpa|grandson|granddaughter|neighbou?r|pedestrian|cyclist|bicyclist|biker|motorcyclist|"
    r"motorbiker|rider|scooterist|jogger|runner|walker|skater|skateboarder|worker|workman|officer|policeman|policewoman|"
    r"cop|employee|courier|postman|mailman|student|pupil|schoolboy|schoolgirl|bystander|flagger|someone|somebody|"
    r"motor ?cycle|bicycle|moped)s?(?!'s?\b)",
    "he": r"(?:i|we|he|she|they|who|you)",
    "him": r"(?:me|us|him|her|them|myself|himself|herself|themselves|ourselves)",
    "his": r"(?:my|our|his|her|their|your|'s|s'|an?other's)",
    "aux": r"(?:was|were|is|are|am|be|been|being|got|gets|get|getting|had|has|have|having|to|also|both|all|then|badly|"
    r"seriously|severely|slightly|critically|fatally|mortally|violently|physically|mildly|still|later|left|immediately|"
    r"instantly|now|almost|nearly|not|never|n't|there|himself|herself|myself|once|even|partially|completely|sadly|"
    r"unfortunately|luckily|fortunately|only|just|ended up|ends up|wound up|already|soon|subsequently|too|thus|so|"
    r"quite|really|pretty|more|very|both)",
    "body": r"(?:head|skull|face|forehead|temple|eye|eyebrow|eyelid|nose|cheek|cheekbone|jaw|chin|mouth|lip|tooth|teeth|neck|"
    r"throat|shoulder|shoulder blade|arm|forearm|elbow|wrist|hand|finger|fingertip|knuckle|thumb|palm|chest|rib|ribs|"
    r"ribcage|rib cage|sternum|breastbone|back|spine|vertebra|vertebrae|disc|disk|pelvis|hip|leg|thigh|knee|kneecap|"
    r"shin|calf|calves|ankle|foot|feet|toe|heel|collar ?bone|clavicle|tailbone|coccyx|bone|skin|scalp|stomach|abdomen|"
    r"belly|liver|spleen|kidney|lung|tendon|ligament|muscle|nerve|tongue|ear|eardrum|groin|femur|tibia|fibula|humerus|"
    r"limb|body|artery|brain)s?",
    "animal": r"(?:deer|doe|stag|elk|moose|animal|dog|puppy|cat|kitten|fox|badger|boar|rabbit|hare|squirrel|raccoon|possum|"
    r"hedgehog|bird|pheasant|goose|geese|cow|horse|sheep|goat|pig|bear|coyote|turkey|kangaroo|pet)s?",
    "thing": r"(?:cars?|vehicles?|trucks?|vans?|suvs?|pick ?ups?|lorry|lorries|bus|buses|tractors?|trailers?|engines?|motors?|"
    r"batter(?:y|ies)|alternators?|transmissions?|gearbox|clutch|screens?|radio|displays?|phones?|lights?|headlights?|"
    r"lamps?|bulbs?|brakes?|airbags?|air bags?|bumpers?|doors?|windows?|windshields?|windscreens?|mirrors?|tyres?|tires?|"
    r"wheels?|rims?|hubs?|roofs?|hoods?|bonnets?|boots?|trunks?|fenders?|wings?|panels?|fences?|walls?|poles?|posts?|"
    r"trees?|kerbs?|curbs?|potholes?|pump|compressor|fuse|starter|sensors?|cell|unit|module|computer|gauge|dash|"
    r"dashboard|vehicle's|suspension|axle|pedals?|property|garage|ignition|throttle|cylinder|turbo|ac|heater)",
    "limbverb": r"(?:broke|broken|breaking|fractured?|fracturing|shattered?|sprained?|twisted|dislocated|injur(?:ed|ing)|hurt|"
    r"hurting|bruised|bruising|cut|cutting|sliced?|burned|burnt|burning|scalded|smashed|crushed|pinched|jammed|hit|"
    r"hitting|banged|bumped|knocked|struck|striking|tore|torn|strained|ruptured|lost|severed|amputated|split|gashed|"
    r"grazed|scraped|punctured|wrenched|trapped|caught|damaged|slammed|whacked|cracked|squashed|impaled|skinned|"
    r"busted|pulled|crippled|mangled|lacerated|pierced|hyperextended|herniated|displaced|blinded|swollen|bled)",
    "limbstate": r"(?:broken|fractured|shattered|sprained|twisted|dislocated|injured|hurt|bruised|cut|burned|burnt|scalded|smashed|"
    r"crushed|pinched|jammed|torn|strained|ruptured|severed|amputated|split|trapped|caught|cracked|squashed|swollen|sore|"
    r"numb|bleeding|painful|in pain|black and blue|paraly[sz]ed|stiff|in a cast|in plaster|bandaged|stitched|operated|"
    r"pinned|mangled|tender|pierced|open|out of joint|killing (?:me|him|her))",
    "w": r"(?:(?!(?:and|or|as|when|while|of|from|at|by|with|in|for|because|that|near|behind|next|no|not|a|an)\b)[\w'-]+ )",
    "the": r"(?:the |a |an |another |one |two |three |four |some |this |that |my |our |his |her |their |\d+ )?",
}

_BLANKS = (
    r"(?:hurt|hurting|injur\w+|harm\w*|wound\w*) (?:the |my |our |his |her |their )(?:\w+ )?(?:paint\w*|finish|bodywork|<thing>|upholstery|interior|seat|seats|leather|trim|chrome|grass|lawn)",
    r"<thing> (?:was |is |were |has |had )*(?:passed|passing|pass) (?:inspection|the|away the)",
    # fire that is none
    r"fire ?(?:department|dept|truck|engine|brigade|service|fighters?|men|man|station|house|hydrant|alarm|extinguishers?|wall|"
    r"drill|sale|lane|hazards?|risks?|safety|code|chief|marshal|crews?|rescue|escape|place|bird|stone|works|red|damper|"
    r"protection|exit|door|officers?|crew|proof|resistant|retardant|insurance)s?",
    r"(?:risk|danger|hazard|threat|fear|chance|possibility) of (?:a |an |catching |serious |personal |severe )?(?:fires?|injur\w+|"
    r"death|burns)(?:,? (?:or|and) (?:fires?|injur\w+|death|burns))*",
    r"(?:injury|death|crash|burn) (?:risk|hazard)s?",
    r"(?:misfires?|misfir\w+|back ?fire\w*|hell ?fire|amazon fire|camp ?fire|under fire|cease ?fire)",
    r"fire (?:up|it up|on (?:all|one|two|three|\d)|the (?:mechanic|dealer|engine|cylinders?)|him|her|them)",
    r"(?:cylinders?|plugs?|coils?|injectors?|engine|motor|\d) (?:\d )?(?:(?:does|do|did|would|will|wo|could) ?(?:not|n't)? |won't |wouldn't |"
    r"doesn't |didn't )(?:even |always )?fires?",
    r"(?:will|would|did|does|could|can)(?: not|n't)? (?:even )?fire\b(?! damage)",
    r"(?:line|ball|rapid|spit|wild) of fire",
    r"internal combustion",
    # death that is none
    r"dead (?:battery|batteries|end|spot|stop|slow|car|engine|pedal|cell|line|weight|centre|center|on arrival at the dealer|zone|"
    r"pixels?|straight|ahead|animal|deer|phone|key|fob|volt\w*|alternator|cylinder|calm|leaves|tree|branch|man's|sure|set)",
    r"dead ?(?:line|lock|bolt|beat)s?",
    r"(?:death ?traps?|life ?threatening|near[- ]death|scared to death|bored to death|frightened to death|worried to death|"
    r"sick to death|death knell|death wobble|death rattle|done to death)",
    r"fatal (?:error|flaw|defect|mistake|failure|fault|code|system)",
    r"(?:kill switch|killing time|road ?kill|dressed to kill|buzz ?kill|kill the|overkill|kills? the (?:battery|engine|mood))",
    r"kill(?:ed|ing|s)? (?:the |my |our |all |a )?(?:\w+ )?(?:engine|motor|battery|ignition|power|lights?|mood|resale|budget|finances|"
    r"wallet|credit|sale|deal|bank account)",
    r"(?:late|deceased) (?:husband|wife|father|mother|dad|mum|mom|uncle|aunt)(?:'s)?",
    r"(?:inherited|inheritance|estate)\b.*",
    r"die ?(?:hard|cast)",
    # hurt that is none
    r"(?:hurt(?:s|ing)?|injur\w+|harm\w*|burn(?:s|t|ed|ing)?) (?:my |our |the |his |her |their |a hole in (?:my|our) )?(?:wallets?|credit|"
    r"feelings|resale|value|pockets?|business|finances|sales|bank|pride|reputation|ego|budget|chances|case|environment)",
    r"(?:suffer(?:ed|ing|s)?) (?:financial\w*|economic\w*)(?: \w+)?",
    r"(?:a |real |royal |big |major |huge )?pains? (?:in|to|staking)(?: (?:the|my) (?:neck|ass|butt|backside|rear|arse)| \w+)",
    r"painstaking\w*",
    r"(?:brakes?|lines?|clutch|system|calipers?|cylinders?|radiator|coolant|hydraulics?|injectors?) (?:\w+ ){0,2}(?:bled|bleeding)",
    r"(?:bled|bleed|bleeding)(?: of)? (?:the |my |all |out |off |air )?(?:\w+ )?(?:brakes?|lines?|clutch|system|calipers?|air|radiator|"
    r"coolant|dry)",
    r"(?:gave|giving|give|given|gives|nearly had|almost had|about had)(?: me| us| him| her)? a (?:near )?(?:heart attack|stroke|headache)",
    r"(?:\d|two|four)[- ]stroke",
    r"(?:hospital|er|surgery) (?:parking|car park|lot|garage|driveway|entrance|visit|appointment|car|grounds|staff|where i work)",
    r"(?:work\w*|job|nurse|shift) (?:as a nurse )?(?:at|in|for) (?:the|a|our|my) (?:\w+ )?hospital",
    r"(?:outside|near|next to|opposite|behind|by|past|in front of|at the|way to|way home from|heading to|from|leaving) (?:the|my|our|a) "
    r"(?:\w+ )?hospital(?! (?:with|for|by))",
    r"visit\w* .{0,40}hospital",
    r"ambulance (?:was|were|is)(?: not|n't) \w+|without (?:an )?ambulance|ambulance (?:chaser|driver|bay|entrance)s?",
    r"(?:crash|collision|fender|bumper|air ?bag) dummy",
    # parts of vehicles that have names of the body, seats that have names of people
    r"(?:driver|passenger|child|baby|kid|infant|owner|occupant)(?:'?s'?)?[ -]+(?:side|seats?|doors?|windows?|air ?bags?|compartment|cabin|"
    r"mirrors?|wheel|front|rear|airbag|manual|car|footwell|occupant|detection|sensor|lock|license|licence|safety seat|carrier)s?",
    r"(?:cylinder|engine|print|tow|ball)[ -]heads?|heads? ?(?:gaskets?|units?|lights?|lamps?|rests?|liner|bolts?|room|on|way|up|ing|ed|"
    r"s? ?from|er)|heads from",
    r"(?:back|rear) (?:window|seats?|doors?|bumper|wheels?|glass|end|of (?:the|my|our|his|her)|lights?|left|right|tyres?|tires?|up|camera|"
    r"panel|quarter|hatch|axle|windscreen|windshield|brakes?|half|part|side|gate|yard|road|row)",
    r"(?:control|swing|wiper|rocker|mirror|trailing|lower|upper|arm|idler|pitman|tie rod|steering|radius) arms?|arm ?(?:rests?|chair)|"
    r"arms? of (?:the|my|his|her) (?:wing |door |wiper )?(?:mirror|wiper|seat|chair|suspension)",
    r"hand ?(?:brake|book|les?|ling|held|s[- ]free)s?|(?:left|right)[- ]hand(?:ed)? (?:side|drive|lane|corner|bend|turn)|second[- ]hand",
    r"(?:hard|soft|left|right|dirt|grass|side|road) shoulders?|shoulder (?:of|belts?|lane|harness|strap|on)|(?:on|onto|to|along) the shoulders?",
    r"foot ?(?:brake|well|rest|pedal|print|path|age|board)s?|\d+ (?:feet|foot)|(?:hundred|few|several|ten|five|two|three) feet",
    r"(?:brake|compact|rotor|floppy|parking|hard) dis[ck]s?|dis[ck] brakes?",
    r"(?:filler|radiator|bottle|hose) neck|bottle ?neck|neck and neck|(?:nose|face|tail) of the (?:car|vehicle|truck|bonnet|hood|building)",
    r"(?:body|bones?) (?:shop|panels?|work|kit|control|roll|style|of the (?:car|vehicle|truck)|damage|frame|parts?)|(?:car|vehicle|truck|throttle) "
    r"bod(?:y|ies)",
    r"face ?(?:book|lift|plate)|in (?:the|your|my) face of|tooth ?(?:belt|ed)|toe (?:in|out|link|alignment)|heel and toe|"
    r"knee (?:bolster|air ?bag)s?|ball joints?|leg ?room|thumb ?(?:screw|drive)|finger ?print\w*|chest ?(?:freezer)|rib(?:bon|bed)",
    # things and animals to which all this happened
    r"(?:hit|hits|hitting|struck|killed|killing|injur\w+|hurt|ran over|run over|running over|clipped|dead|wounded|avoid\w*|missed) <the>(?:\w+ )?"
    r"(?:<animal>|cones?|bags?)\b",
    r"<animal>,?(?: that| which)? (?:<aux> )*(?:hurt|injured|killed|dead|died|dies|hit|struck|run over|bleeding|wounded|crushed|thrown|trapped)",
    r"(?<!in )(?<!in the )(?<!in my )(?<!in our )<thing>,?(?: that| which)? (?:(?:just|suddenly|simply|also|completely|has|had|have|was|were|is|are|got|went|all|then|already|went|up|and|"
    r"would|will|did|does|stalled|basically|literally) )*(?:hurt|killed|dead|died|dies|dying|die|injured|wounded|not survive|did not make it)",
    r"(?:it|car|this) (?:just |has |had |suddenly |also |then |simply |completely |was |is |went |would |will )*(?:died|dies|dead|die|dying)",
    r"(?:sudden )?death of (?:the|my|our|a) (?:\w+ )?<thing>",
    r"burn(?:t|ed|ing|s)?(?:[- ]out)? (?:\w+ )?(?:bulbs?|fuses?|clutch|valves?|coils?|relays?|oil|fuel|gas|rubber|coolant|cds?|connectors?|"
    r"transmission fluid|(?:like )?smells?|odou?rs?|stench|scents?|through|plugs?|contacts?|pistons?|tires?|tyres?|brakes?)",
    r"(?:bulbs?|fuses?|clutch|valves?|coils?|relays?|lights?|headlights?|lamps?|connectors?|motor|alternator|fluid|led|leds|plugs?|pads?|brakes?|"
    r"resistor|pump|module|starter|indicators?|light) (?:\w+ ){0,2}burn(?:ed|t|ing|s)?(?: out)?",
    r"(?:smell|smelt|smelled|smelling|odou?r|stench|stink|scent|smells|whiff)(?: \w+){0,4} (?:burn(?:t|ed|ing)|fires?|smoke)",
    r"burn(?:t|ing) (?:\w+ )?(?:smell|odou?r)",
    r"(?:my|our|his|her|their) nerves",
    # the body where nothing happened to it
    r"(?:<his> )?(?:foot|feet) (?:was |were |firmly |still |hard |already )*(?:on|off|to|down|slipped|from) ?(?:the )?(?:\w+ )?(?:brakes?|gas|pedals?|accelerator|clutch|floor|"
    r"throttle)|(?:put|had|kept|keep|took|take|with|press\w*|stepp\w*|slamm\w*|hit|lifted) (?:<his> |the )?(?:foot|feet) (?:\w+ ){0,2}(?:on|off|to|down|from)(?: the)?(?: \w+)?",
    r"(?:<his> |both )?hands? (?:was |were |firmly |still )*(?:on|off) (?:the )?(?:steering )?wheel|(?:before|with|right before|own|believe|believed) <his> (?:own |very )?(?:eyes?|nose)|"
    r"(?:shook|shaking|nod\w*|scratch\w*|us\w*|rais\w*|shak\w*|wav\w*) <his> (?:heads?|hands?)|<his> back (?:was )?(?:to|turned)|behind <his> back|off <his> (?:hands|chest|back)|in <his> (?:hands?|face|"
    r"mind|head)|on <his> (?:own )?(?:two )?(?:feet|mind|way|side)|by <his> side|(?:over|through|into) <his> head|(?:cold|cost\w*|pay\w*|paid) (?:me |us |him |her )?(?:an arm and a leg|feet)|<his> eyes? (?:on|off)|"
    r"twist\w* <his> arm|out of <his> (?:own )?(?:hands?|pocket)|keep\w* <his> eyes?|tooth and nail|<his> heart (?:stopped|sank|skipped|was (?:racing|pounding|beating)|in)|hand(?:ed|s)? (?:over|in|me|him|her|out)",
    r"(?:pulled|pull|pulling) over(?: by)?|(?:check\w*|look\w*|talk\w*|hand\w*|turn\w*|switch\w*|get|got|run|ran) (?:in|into|over) (?:a |an |my |some )?(?:old )?(?:friends?|colleagues?|neighbou?rs?)",
)

_NEAR = (
    "almost(?! \\d)(?! (?:everyone|everybody|all|two|three|four|five|six|ten|a))",
    "nearly(?! \\d)(?! (?:everyone|everybody|all|two|three|four|five|six|ten|a))",
    "narrowly",
    "about to",
    "close to",
    "close call",
    "near miss",
    "came within",
    "(?<!not )(?<!n't )(?<!unable to )(?<!failed to )(?<!late to )(?<!time to )(?<!cannot )(?<!never )(?:avoid|prevent)(?:ed|ing|s)?",
    "instead of",
    "rather than",
    "so as not to",
    "before (?:i|we|he|she|it|they) (?:could|would)",
    "just miss(?:ed|ing)",
    "(?<!was )(?<!were )(?<!reported )missed",
    "missing (?=a|the|him|her|me)",
    "lucky (?:not )?to",
    "on the verge of",
    "miracle (?=no|that no)",
)

_IF = (
    "if(?! only)",
    "unless",
    "in case",
    "lest",
    "otherwise",
    "or else",
    "what if",
    "whether",
    "had (?:i|he|she|it|we|they|there|a|the)(?= (?:\\w+ ){0,4}been)",
    "(?:could|would|might|may|can|should|must not|'d)(?: not|n't)?(?: \\w+ly| well| also| still| even| just| one day)* "
    "(?:have|be|get|cause|lead|result|end|catch|burn|explode|kill|injure|hurt|die|hit|strike|set|start|ignite|create|break|lose)",
    "(?:will|'ll|going to|gonna)(?= (?:\\w+ly |one day |some day |soon |then |be |get |end up )*(?:hurt|kill|killed|injured?|dead|die|hit|burn|catch|"
    "explode|cause|lead|result|crash|struck|start))",
    "(?:risks?|dangers?|hazards?|fears?|threats?|chances?|possibilit(?:y|ies)|potential(?:ly)?|probable|likelihood)",
    "(?:afraid|scared|worried|concerned|fearing|feared|terrified|nervous|frightened|anxious|paranoid|dread)(?= that| of| about| for| my| i| we| he| she| "
    "some| any| one| people| this| it| the)",
    "(?:hope|hoping|pray|praying|wish|imagine)",
    "(?:wait(?:ing)? (?:until|for|till)|until|till|before|it takes)(?= (?:\\w+ )?(?:someone|somebody|people|a (?:child|person)|one of us|there is|there are|it kills))",
    "(?:designed|meant|supposed|known|prone|liable|apt|bound|likely|enough) to",
    "protect(?:s|ed|ing)?",
    "(?:hate|not want|don't want|would not like|love) to (?:see|have|hear)",
    "(?:only |just )?a (?:matter|question) of time",
)

_OTHERS = (
    "(?:recall|bulletin|campaign|investigation|lawsuit|class action|notice|article|news|internet|online|forums?|website|nhtsa|google|manual|safety board)"
    "(?: \\w+){0,3} (?:due to|because of|for|about|regarding|concerning|says|said|saying|states|stated|stating|issued|mentions|mentioned|warns|warned|of|"
    "over|on|shows?|reports?|reported|after|that|where)",
    "(?:i|we)(?: have|'ve| had| also)? (?:read|heard|seen reports|seen stories|saw online|saw on|learned|found out|found online|understand|googled|researched)",
    "(?:reports?|stories|complaints?|incidents|instances|cases|history|videos?) of",
    "(?:other|similar|thousands of|hundreds of|numerous)(?: \\w+)? (?:owners|vehicles|cars|models|trucks|complaints|cases|incidents|jeeps|fords|"
    "drivers|people with|suvs)",
    "according to",
    "several of these|many of these|some of these|these models|these vehicles|these cars",
    "know of|aware of",
    "warning (?:label|that|about|of)",
    "(?:years|decades) ago",
)

_NO = (
    r"(?:no|without|zero|0|nil|lack of|free (?:of|from)|absence of|w/o|not a|not one|not a single|neither|not so much as an?)(?! (?:warning|warnings|reason|"
    r"doubt|idea|chance|choice|way|time|brakes?|airbags?|air bags?|seat ?belts?|power|fault|help|helmet|other|sooner|longer|brake|steering|control|"
    r"problem|question|wonder|surprise|apparent|traffic|sign|stopping|hesitation|insurance|one|less|fewer|more than|only)\b)"
)

_CUES: tuple[tuple[Harm, str, str, str, bool], ...] = (
    # --- killed
    (
        Harm.KILLED,
        r"killed|fatal|fatally|fatality|fatalities|deceased|manslaughter|coroner|morgue|mortuary|funeral|bereaved|lifeless",
        "",
        "",
        False,
    ),
    (Harm.KILLED, r"killing <the><w>{0,2}(?:<person>|<him>)|kills (?:<him>|<person>)", "", "", False),
    (
        Harm.KILLED,
        r"pass(?:ed|es|ing) away|perished|succumbed(?: to)?|bled to death|burned to death|burnt to death|crushed to death",
        "",
        "",
        False,
    ),
    (
        Harm.KILLED,
        r"(?:lost|losing|lose|cost|costing|took|claimed|taking) (?:<his>|two|three|\d+|a|the) (?:\w+ ){0,3}(?:life|lives)",
        "",
        "",
        False,
    ),
    (
        Harm.KILLED,
        r"lost (?:my|our|his|her|their) (?:\w+ )?(?:husband|wife|son|daughter|mother|father|mom|mum|dad|brother|sister|child|baby|friend)"
        r"(?: in| to| that| because| due|$|,)",
        "",
        "",
        False,
    ),
    (
        Harm.KILLED,
        r"(?:<person>|<he>|hospital|scene|injuries),? (?:<aux> )*(?:in \w+ |at the \w+ |from \w+ )?(?:died|dies|dead|dying|die)",
        "",
        r"\b(?:cancer|old age|covid|natural causes)\b",
        False,
    ),
    (
        Harm.KILLED,
        r"died (?:at|in|on|from|of|as|before|after|two|three|a|the|\d+|later|instantly|immediately|that|during|because|within) "
        r"?(?:the )?(?:scene|hospital|ambulance|impact|way to|injur\w+|his|her|their|result|operation|crash|accident|days?|hours?|weeks?|arms)",
        "",
        "",
        False,
    ),
    (
        Harm.KILLED,
        r"(?:found|pronounced|declared|left|lay|lying|shot|presumed) (?:\w+ )?dead|dead (?:body|man|woman|boy|girl|person|child|people|driver|"
        r"passenger|pedestrian|at the scene|on the spot|on impact|on arrival)|(?:\d+|one|two|three|four|five|several|many) (?:people )?dead",
        "",
        "",
        False,
    ),
    (Harm.KILLED, r"deaths?", "", "", False),
    (
        Harm.KILLED,
        r"(?:did|could|would|does) ?(?:not|n't) (?:survive|pull through|live)|didnt survive|no survivors|never (?:woke up|came home|regained consciousness)|"
        r"(?:<person>|<he>|<w>) (?:did ?not|didn't|didnt|never) make it(?=$| alive| to the hospital| through| out alive)|(?:could not|couldn't) be (?:saved|revived|resuscitated)|"
        r"no(?:body| one| doctor) could save",
        "",
        "",
        True,
    ),
    # --- burnt
    (
        Harm.BURNT,
        r"(?:burn(?:ed|t|s|ing)|scald(?:ed|s|ing)?|singed|blistered|scorched|electrocuted|gassed|poisoned|asphyxiated|suffocated) "
        r"(?:<him>(?! (?:\w+ )?(?:car|truck|clothes|house|jacket|coat|seat))|<his> (?:\w+ ){0,3}<body>|<the><w>{0,2}<person>)",
        "",
        "",
        False,
    ),
    (
        Harm.BURNT,
        r"burns? (?:to|on|over|across|all over|from) (?:<his>|the|both|one|me|him|her|us|them) ?(?:\w+ ){0,3}(?:<body>|arms|hands)",
        "",
        "",
        False,
    ),
    (
        Harm.BURNT,
        r"(?:first|second|third|1st|2nd|3rd|severe|serious|minor|chemical|friction|superficial|bad|nasty)[- ](?:degree )?burns?(?! (?:mark|hole|smell))",
        "",
        "",
        False,
    ),
    (
        Harm.BURNT,
        r"(?:suffer\w*|sustain\w*|got|gave|given|with|left|receiv\w+|had|has|have|for) (?:\w+ ){0,4}burns(?! (?:mark|hole|oil))",
        "",
        "",
        False,
    ),
    (
        Harm.BURNT,
        r"burn (?:injur\w+|victims?|unit|ward|centre|center)|burn marks? on (?:<his>) (?:\w+ )?<body>",
        "",
        "",
        False,
    ),
    (
        Harm.BURNT,
        r"(?:<person>|<he>) (?:<aux> )+(?:burn(?:ed|t)|scalded|electrocuted|poisoned|gassed|singed|suffocated|overcome by)",
        "",
        "",
        False,
    ),
    (Harm.BURNT, r"<his> (?:\w+ ){0,2}<body> (?:<aux> )+(?:burn(?:ed|t)|scalded|singed|blistered)", "", "", False),
    (
        Harm.BURNT,
        r"smoke inhalation|(?:carbon monoxide|co) poisoning|electric shock|inhal(?:ed|ing) (?:\w+ )?(?:smoke|fumes|gas)",
        "",
        "",
        False,
    ),
    # --- hit
    (
        Harm.HIT,
        r"(?:hit|hits|hitting|struck|striking|ran over|run over|running over|ran into|run into|running into|ran down|run down|drove into|drove over|"
        r"driven into|knocked down|knocked over|knocking down|knocking over|mowed down|mown down|clipped|clipping|bumped|bumped into|collided with|colliding with|"
        r"collision with|plough(?:ed|ing) into|plow(?:ed|ing) into|crashed into|crashing into|slammed into|rammed|ramming|sideswiped|backed over|backed into|reversed over|"
        r"reversed into|rolled over|rolled onto|dragged|dragging|contact with|impact with|accident with|pinned|pinning|trapped|trapping|crushed|crushing|"
        r"squashed|skidded into|slid into|caught|flattened|threw|flung|smashed into|smacked into|swiped|veered into|straight into) (?!by )<the><w>{0,3}<road_user>"
        r"(?! (?:crossing sign|lane|path|rack|shop|sign|parked|seat|bridge|island|standing water))",
        "",
        r"\b(?:caught|contact with|accident with) (?:the|my|our) (?:neighbou?r|son|daughter|wife|husband)\b",
        False,
    ),
    (
        Harm.HIT,
        r"<road_user> (?:\w+ ){0,6}?(?:(?:was|were|got|been|being|gets|be|is|are) )(?:<aux> )*(?:hit|struck|run over|ran over|run down|knocked|mowed down|mown down|"
        r"bumped|clipped|dragged|flattened|rammed|sideswiped|caught)(?! (?:from behind|speeding|by the police))",
        "",
        r"\b(?:from behind|rear[- ]ended)\b",
        False,
    ),
    (
        Harm.HIT,
        r"(?:<person>|<he>|<his> (?:\w+ )?<body>) (?:<aux> )+(?:run over|ran over|knocked (?:down|over|off|to|into|out|unconscious|about)|thrown|flung|hurled|"
        r"catapulted|ejected|crushed|trapped|pinned|squashed|impaled|dragged|mown down|mowed down|buried|tossed|wedged|launched|jolted|"
        r"hit (?:by|with|in|on) (?:the |a |an |flying |my |his |her )*(?:air ?bag|glass|debris|steering wheel|head|face|chest|body)|"
        r"struck (?:by|with|in|on) (?:the |a |an |flying |my |his |her )*(?:air ?bag|glass|debris|steering wheel|head|face|chest|body))",
        "",
        "",
        False,
    ),
    (
        Harm.HIT,
        r"(?:hit|struck|hitting|striking|clipped|bumped|rammed) (?:me|us|him|her|them)(?! (?:car|vehicle|truck|van|rear|bumper|door|front|mirror|from behind|"
        r"head on|in the rear|with a (?:bill|fee)))|(?:i|he|she|we|they|who) (?:<aux> )+(?:hit|struck|clipped|rammed)(?= by|$|,| and| while| when| as| on| at)",
        r"\b(?:on foot|walk(?:ing|ed)|cross(?:ing|ed) the (?:street|road)|cross ?walk|zebra|pedestrian crossing|side ?walk|pavement|foot ?path|"
        r"on (?:my|his|her|a|the) (?:bike|bicycle|scooter|moped|motorcycle|motorbike|skateboard)|cycling|riding|jogging|standing|stood|kerb ?side|pushing (?:a|my|the) "
        r"(?:pram|stroller|car|trolley)|getting out of|unloading|changing (?:a|the|my) (?:tyre|tire|wheel)|wheel ?chair|me and my (?:car|vehicle|truck)|"
        r"stroller|pram)\b",
        r"\b(?:no|not|nobody)\b.{0,20}\bon foot\b",
        False,
    ),
    (
        Harm.HIT,
        r"(?:ran|run|running|drove|rolled|backed|reversed) (?:me|us|him|her|them) (?:over|down)|(?:ran|run|drove|rolled|backed|reversed|driven|driving|running) over "
        r"(?:me|us|him|(?:her|them)(?! \w)|<his> (?:\w+ )?(?:foot|feet|leg|toes?|hand|arm))|knock(?:ed|ing) (?:me|us|him|her|them|<the><w>{0,2}<person>) "
        r"(?:down|over|off|to|unconscious|out|flying|into)|(?:threw|pinned|pinning|trapped|trapping|crushed|crushing|dragged|dragging|catapulted|hurled|flung|ejected|ejecting|"
        r"throwing) (?:me|us|him|her|them|<the><w>{0,2}<person>)(?! (?:car|keys))",
        "",
        "",
        False,
    ),
    (
        Harm.HIT,
        r"<person> (?!who did)<w>{0,3}?(?:went|flew|flies|rolled|landed|slid|slides|ended up|bounced|tumbled|fell|came off|was flung|lying|lay|somersaulted|crashed|hit the ground|"
        r"smashed|hung|stuck|thrown|crumpled|trapped|pinned|disappeared|vanished|finished|wound up) (?:\w+ )?(?:over|onto|on|across|under|underneath|off|against|through|beneath|from|to the ground|to the road|"
        r"in the road|on the road|into the (?:air|road|windshield|windscreen|dash\w*)|the ground|down on|between) (?:my|the|our|his|her|their|its|a|both) ?(?:\w+ ){0,2}"
        r"(?:bonnets?|hood|windscreen|windshield|roof|wheels?|car|handlebars?|ground|road|tarmac|asphalt|pavement|street|bike|bicycle|motorcycle|moped|scooter|wall|truck|"
        r"bus|van|vehicle|bumper|dash\w*|tyres?|tires?|trailer|kerb|curb|horse|windows?|glass|steering wheel)",
        "",
        "",
        False,
    ),
    (
        Harm.HIT,
        r"(?:<person>|<him>|<his> (?:\w+ )?<body>|body) (?:\w+ ){0,3}?(?:under|underneath|beneath) (?:my|the|his|her|a) (?:\w+ )?(?:wheels?|tyres?|tires?|car|truck|bus|van|vehicle)",
        "",
        "",
        False,
    ),
    (
        Harm.HIT,
        r"jaws of life|cut (?:me|him|her|us|them|out|free)(?: out| free)? (?:of|from)|(?:<person>|<he>|and) (?:<aux> )+(?:cut|freed|extricated|extracted|pulled|prised|pried|dragged)"
        r"(?: out| free)? ?(?:of|from|out)? ?(?:the|my|his|her)? ?(?:wreck\w*|burning|vehicle|car|window|cab)?(?=$| by| from| of| out|,)",
        "",
        r"\b(?:car|vehicle|truck|van|suv) (?:was|had to be) (?:pulled|dragged)\b",
        False,
    ),
    # --- hurt
    (
        Harm.HURT,
        r"injur(?:y|ies|ed|ing|es)|hurt|hurting|wound|wounds|wounded|maimed|harmed|bruis(?:e|es|ed|ing)|concuss\w+|whip ?lash|lacerat\w+|contusions?|"
        r"ha?ematomas?|stitches|stitched up|sutures|unconscious\w*|comatose|hospitali[sz]\w+|wheel ?chair|crutches|amput\w+|"
        r"paraly[sz]ed|paraplegic|quadriplegic|tetraplegic|disfigured|blinded|ptsd|traumati[sz]ed|miscarr\w+|black eyes?|nosebleed|dislocat\w+ "
        r"(?:shoulder|knee|hip|jaw|finger|elbow)|airlifted|life ?flighted|med ?evac\w*|paramedics (?:treated|took|had|worked|checked|attended|gave|transported|carried)|resuscitat\w+|cpr|"
        r"intensive care|icu|life support|physio\w*|physical therapy|chiropract\w+|pain ?killers|orthopa?edic|neurosurg\w+|bone fragments|internal bleeding|"
        r"brain damage|brain injury|spinal|nerve damage|casualt(?:y|ies)|walking wounded|bleeding heavily|unresponsive|electrocuted",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"lost (?:his |her |my |their )?con\w*cious\w*|lost a lot of blood|loss of consciousness|black(?:ed|ing) out|pass(?:ed|ing) out|knocked (?:out|unconscious|senseless)|"
        r"came (?:to|round) in|(?:in|into) a (?:\w+ )?coma|faint(?:ed|ing)|gash(?:es|ed)?|(?:covered|full|pool|lots?) (?:in|of) blood|vomit(?:ed|ing)|blood (?:was )?(?:everywhere|pour\w+|"
        r"stream\w+|gush\w+|running|on (?:the|my|his|her))|coughing up|regained consciousness|drifting in and out",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"(?:<person>|<he>) (?:<aux> )*(?:bled|bleeding|limping|limped|scarred|crippled|disabled|whimpering|screaming in|crying in|moaning|groaning|dazed|concussed|battered|mauled|incapacitated)|"
        r"bleeding from|bleeding (?:badly|profusely|a lot|nose|head)",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"pain|pains|painful|soreness|aches|aching|headaches?|migraines?|dizziness|dizzy|nausea|nauseous|numbness|sore (?:\w+ )?<body>|stiff (?:neck|back)|bad (?:back|neck)",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"<his> (?:\w+ ){0,2}<body> (?:<aux> )*(?:hurts?|aches?|ached|hurting|swelled|swole|bled|snapped|shattered|gave way|has been killing|is killing|went through|"
        r"hit the|struck the|smashed|slammed|banged|bounced|cracked)|killing me since",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"<limbverb> (?:up )?(?:<his>|both|the|off|me in the|him in the|her in the|a|two|three|several|\d+|one|open) ?(?:of <his> )?(?:\w+ ){0,3}?<body>(?! (?:of the (?:car|vehicle)|panel))",
        "",
        "",
        False,
    ),
    (Harm.HURT, r"(?:<his>|both|man's|woman's|child's) (?:\w+ ){0,3}?<body> (?:<aux> )+<limbstate>", "", "", False),
    (
        Harm.HURT,
        r"(?:broken|fractured|cracked|shattered|smashed|sprained|twisted|dislocated|crushed|injured|bruised|torn|cut|swollen|split|punctured|collapsed|ruptured|severed|burnt|burned|"
        r"scalded|pinched|slipped|herniated|bulging|bloody|bloodied|bleeding|grazed|gashed|displaced|busted|fat|loose|knocked out|chipped) (?:\w+ ){0,2}?<body>",
        "",
        r"\b(?:control|wiper|mirror|suspension) arm\b",
        False,
    ),
    (
        Harm.HURT,
        r"(?:hit|struck|banged|bumped|smashed|kicked|punched|slapped|smacked|caught|cut|stabbed|injured|hurt) (?:me|him|her|us|them|<person>) ?(?:\w+ )?(?:in|on|across|over|around) (?:the|my|his|her|their) (?:\w+ )?<body>",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"(?:glass|debris|metal|shrapnel|splinters?|shards?|particles|acid|fluid|dust|blood) (?:\w+ ){0,3}?(?:in|into|on|from|to|down|hit) (?:<his>|both) (?:\w+ )?<body>",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"(?:cuts?|scrapes?|scratches|grazes|welts?|bumps?|lumps?|abrasions?|burns?|swelling|rash|marks?) (?:\w+ ){0,3}?(?:on|to|over|across|of|in|all over|from) (?:<his>|both|the) (?:\w+ ){0,2}?<body>(?! (?:of the (?:car|vehicle)))|"
        r"cuts and|abrasions|scrapes and bruises",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"(?:suffer\w*|sustain\w*|receiv\w+|incurr\w+|has|had|have|with|diagnosed with|got|left (?:me|him|her|us|them) with|treated for) (?:\w+ ){0,4}?(?:fractures?|concussion|sprain\w*|strains?|cuts?(?! price)|"
        r"trauma|breaks?|broken bones?|heart attack|stroke|seizure|miscarriage|panic attack|internal|tear|swelling|dislocation|loss of (?:sight|hearing)|shock)(?! (?:absorber|warranty))",
        "",
        r"\bshock absorbers?\b|\bbrakes?\b.{0,10}\bbreak|\bstrokes?\b.{0,10}\bengine",
        False,
    ),
    (
        Harm.HURT,
        r"fractur(?:e|es|ed|ing) (?:of|to|in|on)? ?(?:<his>|the|a|both|two) ?(?:\w+ ){0,2}?<body>|<body> fractures?|(?:skull|hip|compound|hairline|stress) fracture",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"(?:take|took|taken|taking|transport\w*|rush\w*|flown|fly|brought|sent|send|admit\w*|went|go|going|gone|ended up|ends up|land(?:ed|s)|spent|spend|spending|treat\w*|released|discharged|drove|driven|woke up|"
        r"was|were|is|am|are|be|been|still|currently|remain\w*|kept|lie|lies|lay|lying|visit(?:ed)?|checked|carried|helicoptered|recover\w*|stay\w*|put|needed|needing|requir\w+|weeks|days|nights?|months|"
        r"hurried|ferried|conveyed|referred|self|straight) (?:\w+ ){0,7}?(?:in|to|at|by|from|into|the|inside) (?:(?:the|a|our|local|nearest|\w+) ){0,3}?(?:hospital|er|emergency room|emergency department|emergency|"
        r"a&e|a & e|casualty|intensive care|icu|trauma (?:unit|center|centre)|clinic|infirmary|urgent care|theatre|operating table|burns unit)",
        "",
        r"\bto visit\b|\bhospital (?:parking|car park)\b|\bdealer",
        False,
    ),
    (
        Harm.HURT,
        r"ambulance (?:took|transported|carried|had to|brought|rushed|drove|crew treated)|by ambulance|(?:in|into|inside) (?:an|the) ambulance|ambulance (?:for|because)|(?:call\w*|needed|required|sent|summoned) (?:an|the) ambulance|ambulance was called",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"(?:saw|see|seeing|visit\w*|went to|go to|going to|under|treated by|consult\w*|to) (?:a|an|the|my|her|his) (?:\w+ )?(?:doctor|chiropractor|surgeon|gp|physician|neurologist|orthopedist|specialist) ?(?:for|because|about|with|due|$|,)|"
        r"doctors? (?:\w+ )?(?:diagnosed|signed|says (?:i|he|she|my)|said (?:i|he|she|my)|gave|found|told (?:me|us|him|her)|confirmed|operated|had to)|signed (?:me|him|her) off|off work|sick leave|medical (?:treatment|attention|care|bills?|expenses|leave)|"
        r"(?:need\w*|requir\w+|had|has|have|undergo\w*|underwent|having|after|multiple|several|emergency|to have) (?:\w+ ){0,2}(?:surgery|surgeries|an operation|operations)|operated on|in a (?:cast|sling|neck brace|collar)|in plaster|neck brace|(?:cervical|neck|wears? a) collar|"
        r"in traction|treated (?:at the (?:scene|roadside)|on site|on the scene|by (?:the )?(?:paramedics|medics|emts?))|first aid (?:to|for|was|on)|treated (?:me|him|her|us|them|both|<person>) (?:\w+ )?(?:for|at)|medics",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"(?:can|could|ca|cannot)(?: ?not|n't| no longer|) (?:longer )?(?:feel|move|bend|lift|turn|use|raise) (?:<his>|any of <his>) (?:\w+ )?<body>|(?:can|could|will|may)(?: ?not|n't| never| no longer) (?:\w+ )?(?:walk|breathe|stand up|see out of)(?: again| properly| unaided| without)?(?! the dog)|"
        r"(?:<he>|<person>) (?:\w+ ){0,2}?(?:not|n't|stopped|wasn't|isn't) (?:breathing|moving|responsive|responding|conscious|wake up|waking up)|no pulse|never walk(?: again)?|"
        r"(?:would|did)(?: ?not|n't) (?:wake up|regain consciousness)|trouble breathing|difficulty breathing|hurts to (?:breathe|walk|move|sit)|cannot (?:walk|work|sleep) (?:\w+ ){0,3}(?:because of|due to) (?:the |my )?(?:pain|injur\w+)",
        "",
        "",
        True,
    ),
    (
        Harm.HURT,
        r"(?:bodily|physical|serious|grievous) (?:harm|injur\w+)|personal injury|harm to (?:<him>|<the><w>{0,2}<person>)|broken bones?|bones? (?:\w+ )?broken|lost (?:\w+ ){0,2}(?:sight|hearing|an eye|a leg|an arm|teeth|a tooth|a finger|the tip|feeling)",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"(?:fell|falling|tripped|slipped) (?:\w+ ){0,3}and (?:broke|hurt|hit|injured|cut|bruised)|tongue|(?:heart attack|seizure|panic attack)",
        "",
        r"\btongue\b",
        False,
    ),
    # --- fire
    (
        Harm.FIRE,
        r"(?:caught|catch|catches|catching|set|setting|is|was|were|still|car|truck|all|whole|burst|went|gone|goes|up|shot|erupt\w*) (?:\w+ ){0,2}?(?:on|in|into|up in) ?(?:fire|flames?|alight)|(?:caught|catch|catches|catching|took|set) (?:\w+ ){0,2}?(?:fire|alight|light)(?! damage)|"
        r"flames?|ablaze|alight|blaz(?:e|ing)|inferno|ignit(?:ed|es|ing)|smou?lder(?:ed|ing|s)|combust(?:ed|ing)|spontaneous combustion|arson\w*|torched|charred|incinerated",
        "",
        "",
        False,
    ),
    (Harm.FIRE, r"fires?", "", "", False),
    (
        Harm.FIRE,
        r"<thing> (?:\w+ )?(?:<aux> )*(?:burn(?:ed|t|ing|s)|burnt out|up in smoke|gutted)(?! (?:oil|out bulb|fuel|gas|smell|through|rubber|too much|a lot|more))|(?:burned|burnt|burning|burn|burns)(?:-| )(?:to the ground|to a (?:crisp|shell|cinder)|down|"
        r"out (?:car|van|vehicle|wreck|shell|completely)|up (?:completely|in)|completely|entirely|(?:car|vehicle|van|wreck|truck))|it (?:then |completely |all )?(?:burned|burnt)(?: down| up| out)?",
        "",
        "",
        False,
    ),
    (
        Harm.FIRE,
        r"(?:burn|scorch) (?:holes?|marks?)|scorched|burn(?:ed|t) (?:\w+ )?(?:seats?|carpets?|upholstery|fabric|dash\w*|floor|insulation|hood|paint|harness|wiring|wires|holes?)|gutted by",
        "",
        "",
        False,
    ),
    (
        Harm.FIRE,
        r"(?:put|putting) (?:it|the (?:\w+ )?(?:fire|flames|blaze)) out|put out the (?:fire|flames|blaze)|extinguish(?:ed|ing)? (?:it|the|them|by|with)|(?:was|were|be|been) extinguished",
        "",
        r"\b(?:light|lamp|indicator)s? (?:was |were )?extinguish",
        False,
    ),
    # --- wider: what hardly ever stands in a claim unless somebody was harmed
    (
        Harm.HURT,
        r"(?:my|his|her|their|our|(?:<person>|\w+)'s) (?:\w+ ){0,2}?<body>(?! (?:is|was|are|were) (?:\w+ )?(?:fine|ok|okay|unhurt|alright|all right|unharmed)| (?:bumper|door|seat|window|tire|tyre|wheel|light|lights|side|end|glass|up|panel|yard|from|to|in|rest|belt))",
        "",
        r"\b(?:car|vehicle|truck|van|dealer|dealership|chair|seat|manufacturer|company|city|today|building|road|street|lane|jeep|ford|honda)'s\b",
        False,
    ),
    (
        Harm.HURT,
        r"(?:critical|serious|grave|poor|bad|stable|life threatening) condition|critically ill|fighting for <his> li(?:fe|ves)|between life and death|clinging to life|stretcher|gurney|induced coma|into shock|state of shock|seeing stars|saw stars|tourniquet|bandages?|bandaged|plaster cast|"
        r"walking stick|permanent damage to <his>|x-?rays? (?:showed|of <his>|revealed)|(?:mri|ct|cat) scan|lost (?:a|an|his|her|my|one|both|two) (?:leg|arm|eye|foot|hand|finger|toe|limb|thumb|teeth|tooth)s?|torn (?:ligament|muscle|tendon|rotator)|rotator cuff|cruciate|ligaments?|meniscus|cartilage|sent (?:me|him|her|us|them|<the><w>{0,2}<person>) (?:flying|through|over|into|to|sprawling|tumbling|"
        r"reeling)|through the (?:windshield|windscreen|front window|side window|rear window|glass)(?: head first)?$|head first|head-first|face first|(?:doctors?|surgeons?|physicians?|nurses?|medics?|paramedics) (?:\w+ ){0,3}(?:him|her|me|us|them|my|his)|limped|walks? with a limp|"
        r"(?:weeks?|months?) (?:of )?(?:recovery|rehab\w*|convalescence|therapy)|rehab(?:ilitation)?|therapist|bed ?ridden|handicapped|crippled|maimed|mangled body|swollen|swelling|choked|choking|suffocat\w+|drowned|drowning|hypothermia|frost ?bite|poisoned|sick from|made (?:me|us|him|her) (?:ill|sick)|"
        r"fell ill|collapsed (?:on|at|in) the (?:street|road|floor|ground|scene)|in agony|screaming in|screams?|wheezing|gasping|medicated|morphine|tetanus|infected|infection",
        "",
        r"\b(?:my|the) (?:tie|tire|tyre|brake) .{0,10}swollen\b|\bgood condition\b",
        False,
    ),
    (
        Harm.KILLED,
        r"buried (?:<him>|<the><w>{0,2}<person>)|(?:mourn|griev)(?:s|ed|e|ing)|widow\w*|orphan\w*|laid to rest|no longer with us|taken from us|never (?:came|come|made it) (?:home|back)|dropped dead|took (?:<his> last breath|<his> (?:own )?life)|lost <him>(?= |$)(?! (?:in traffic|at|on the|when he turned))",
        "",
        "",
        False,
    ),
    (
        Harm.HIT,
        r"(?:went|drove|rolled|ran|came|got|backed|passed|driven|driving|rolling|running|reversed|drives|runs|rolls) (?:right |straight |clean |all the way )?over (?:her|him|them|me|us|<his> \w+)(?! (?:car|bike|bicycle|fence|lawn|garden|bag|phone|toys?|mailbox))",
        "",
        "",
        False,
    ),
    (
        Harm.HIT,
        r"\w+(?:ed|t|ing|ran|went|drove|flew|slid|spun|goes|came|s) (?:right |straight |directly |head on |full speed )?(?:into|onto|over|at) <the>(?:crowd of |group of |line of |couple of )?<w>{0,2}<road_user>(?! (?:crossing|parked|lane|path|sign))",
        "",
        r"\b(?:bumped|ran|run) into (?:a|an|my) (?:old )?friend|\blooked at|\bshouted at|\byelled at|\bpointed at|\barrived at|\bangry at|\bhonked at|\bwaved at|\blooking at|\btranslate|\bturned into a (?:man|woman)",
        False,
    ),
    (
        Harm.HIT,
        r"(?:<person>|<he>) (?:<aux> )+(?:whacked|smacked|walloped|slammed|bowled over|swept (?:off|away)|clobbered|flattened|steamrolled|bumped|shoved|pushed (?:into|under|over|off)|sandwiched|floored|sent (?:flying|sprawling)|rammed|mowed|mown)",
        "",
        r"\b(?:rear[- ]ended|from behind|bumper)\b",
        False,
    ),
    (
        Harm.FIRE,
        r"(?:was|were|started|began|is|are|kept|still|already|began to|started to|be) (?:\w+ )?burn(?:ing)?(?! (?:smell|oil|fuel|gas|rubber|out|bright\w*|too|my|his|up fuel))|like a torch|to ashes|but ashes|ashes|cinders|up in smoke|fireball|towering smoke and flame|exploded in|sparks? (?:set|ignited)|burned|went up (?:like|in)",
        "",
        r"\b(?:light|lamp|bulb|headlamp|headlight|eyes?|smell|clutch|hand|arm|skin|face|leg|fingers?|me|him|her|calories|cd|oil|hole in my pocket)\b",
        False,
    ),
    (
        Harm.HURT,
        r"(?:cost|lost|losing|lose|losing|robbed|deprived) (?:\w+ ){0,4}?(?:sight|eyesight|vision|hearing|sense of smell|memory|mobility|use of)|(?:need|needs|needed|get|got|had) (?:a |an )?(?:new |artificial |total )?(?:hip|knee)(?: replacement)?(?= |$)|(?:hip|knee) replacement|tingling|kept (?:\w+ )?(?:overnight|in overnight|for observation)|"
        r"for observation|doctors? (?:say|said|says|think|fear|expect)|pass(?:ed|es|ing)? out|ears? (?:are|is|were) ringing|ringing in|tinnitus|could not remember|amnesia|memory loss|nightmares|cannot sleep|traumatic|battered and bruised|shaken and (?:sore|bruised)",
        "",
        "",
        False,
    ),
    (
        Harm.HIT,
        r"(?:<person>|<he>) (?:<aux> )*(?:fell|falls|fallen|falling|toppled|tumbled|came) (?:\w+ )?(?:off|down|from|over|out of|to the ground|to the floor|backwards|face|head)(?! (?:apart|on the bill|a debt))",
        "",
        r"\bcame (?:down|over|out|off the phone|from)\b|\bfell (?:out of warranty|off the back of)\b",
        False,
    ),
    (
        Harm.HIT,
        r"(?:owner|driver|occupant|handler|walker|companion)s? (?:<aux> )+(?:hit|struck|run over)(?! (?:from behind|by the police|with a))",
        "",
        r"\brear[- ]ended\b|\bfrom behind\b",
        False,
    ),
    (
        Harm.KILLED,
        r"(?:mother|father|dad|mum|mom|wife|husband|brother|sister|son|daughter|grandmother|grandfather|grandma|grandpa|uncle|aunt|friend|passenger|driver|he|she|victim) (?:has |had |sadly |later |then )*passed(?= (?:at|on|in the (?:ambulance|hospital)|last|yesterday|this|a few|two|three|that|the (?:same|next|following))|$)(?! on the (?:left|right))",
        "",
        r"\bpassed on the\b|\bpassed in the\b(?! (?:ambulance|hospital))",
        False,
    ),
    (
        Harm.KILLED,
        r"(?:one|two|three|four|\d+|several) (?:confirmed|reported|presumed|people|persons|were|was) dead|confirmed dead",
        "",
        "",
        False,
    ),
)


@cache
def english() -> Words:
    """Return the words, compiled once."""
    c = compiler(_MACROS)
    clause = r"(?:\band\b|\bor\b|\bbut\b|, (?:\w+ing|injuring|killing)\b|\bi\b|\bwe\b|\bhe\b|\bshe\b|\bthey\b)"
    return Words(
        name="en",
        common=word_set(
            "the and was were is are of to it that this with for on at by from my his her our their they you he "
            "she we had has have not no be been which when while there after but as if an would could did does do "
            "me him who i a or out up into off over under"
        ),
        blanks=tuple(c(rf"\b(?:{blank})\b" if not blank.endswith(".*") else rf"\b(?:{blank})") for blank in _BLANKS),
        breaks=c(
            any_of(
                (
                    "but(?! for)",
                    "however",
                    "although",
                    "though",
                    "yet(?! to)",
                    "except",
                    "whereas",
                    "because",
                    "since",
                    "after",
                    "when",
                    "while",
                    "whilst",
                    "as a result",
                    "resulting in",
                    "(?<!or )(?<!without )(?<!of )(?<!from )(?<!and )causing",
                    "leaving(?= (?:me|him|her|us|them|my|his|two|three|one|a|an)\\b)",
                    "so that",
                    "so(?= (?:i|he|she|we|they|my|the|now)\\b)",
                    "despite",
                    "in spite of",
                    "unfortunately",
                    "sadly",
                    "then",
                    "still(?=,)",
                    "apart from",
                    "besides",
                    "other than",
                    "as(?= (?:i|he|she|we|they|the|my|a)\\b)",
                    "even so",
                    "nevertheless",
                    "where",
                    "aside from",
                    "even though",
                    "only(?= (?:my|the|a|i|he|she)\\b)",
                )
            )
        ),
        joints=c(
            r"(?:, (?:and |or )?|\band |\bplus |- )(?=(?:then |now |later |so |also |both |only |luckily |sadly |unfortunately |even |\w+ly,? )?(?:i|he|she|we|they|it|my|his|her|our|their|the|a|an|this|that|one|two|"
            r"three|four|both|another|some|someone|somebody|nobody|no|none|there|all|everyone|everybody|neither|<person>|<thing>)\b)"
        ),
        verb=c(
            r"\b(?:was|were|is|are|am|be|been|had|has|have|got|did|does|do|went|came|hit|struck|ran|fell|broke|left|took|made|lost|"
            r"felt|found|gave|told|said|hurt|died|flew|cut|put|drove|led|kept|met|needs?|suffers?|walk|threw|caught|bled|burst|burnt|needed|ended|'s|can|could|will|would|ca|wo|\w{2,}ed|\w{2,}n't|\w+ing)\b"
        ),
        definite=c(
            r"\b(?:the|my|his|her|their|our|this|that|these|those|'s)(?: (?:\w+ly|most|other|same|worst|only|poor|severe|serious|minor|long))? $"
        ),
        veils=(
            Veil(
                c(
                    any_of(
                        (
                            r"no[ -]one",
                            "nothing",
                            "nobody",
                            "none(?! of the (?:staff|dealers))",
                            "neither",
                            "nor",
                            "anyone",
                            "anybody",
                            "any",
                            "no (?:other )?(?:person|people|passengers?|occupants?|pedestrians?|children|driver|party|parties|humans?|injured)",
                        )
                    )
                ),
                c(
                    r"\bbut\b|\bstopped\b|\bhelp(?:ed)?\b|\bcame\b|\bcared?\b|, (?:\w+ing)\b|\bsaw (?:the|my|him|her)\b|\band (?:i|he|she|we|they|my|the|a|one|two|another)\b"
                ),
                True,
            ),
            Veil(
                c(rf"\b{_NO}\b"),
                c(
                    r"\b(?:i|we|he|she|they|it|but)\b|(?<!\bto )(?<!\bof )(?<!\bfor )(?<!\bin )(?<!\bfrom )(?<!\bamong )(?<!\bon )(?<!\bby )(?<!\bwith )\b(?:my|our|his|her|their|the|a|an|one|two)\b(?! (?:scratch|single))"
                ),
                True,
            ),
            Veil(
                c(
                    r"(?:\b(?:not|never|cannot|hardly|barely|scarcely|unlikely|un(?:hurt|injured|harmed)|refused|failed|denied|deny|denies)\b|\w+n't\b|\b(?:didnt|wasnt|werent|isnt|dont|doesnt|hasnt|havent)\b)(?! (?:only|just|merely|stop|see|brake|notice|avoid|prevent|in time|every\w+|all)\b)"
                ),
                c(
                    r"\b(?:and|but|i|we|he|she|they)\b|, (?:\w+ing|the|a|my)\b|\bto avoid\b|\bto stop\b|\bin time\b|\bthan\b|(?:[\w'-]+ ){9}"
                ),
                True,
            ),
            Veil(c(any_of(_NEAR)), c(clause), False),
            Veil(
                c(any_of(_IF)),
                c(
                    r"\band (?:i|he|she|we|they|the|my|now|was|were|had|am|is|spent|hit|struck|broke|ran|lost|got|\w+ed)\b|\bbut\b"
                ),
                False,
            ),
            Veil(
                c(r"\b(?:can|could|may|might)(?! ?(?:not|n't|see|hear|feel|smell|tell|only|hardly|barely)\b)"),
                c(r"\b(?:and|but)\b|(?:[\w'-]+ ){4}"),
                False,
            ),
            Veil(c(r"\bwithout (?:\w+ )?\w+ing\b"), c(r"\b(?:but|i|we|he|she|they)\b"), True),
            Veil(c(any_of(_OTHERS)), c(r"\b(?:my|me|mine|i was|we were|our)\b"), False),
        ),
        undone_after=c(
            r"\s*(?:was |were |is |are )?(?::|=|\?|-|\()?\s*(?:none|nil|no|0|zero|n/a|not applicable|negative|never|not reported|nobody|no one)\b(?! (?:longer|one (?:stopped|helped|came)|doubt|thanks))|\s*-?(?:free|proof|hazard|risk|prevention)\b|"
            r"\s*(?:was|were|is|are|have|has|had|did)(?: been)? ?(?:not|n't|never)\b(?! (?:put out|able|help|only|just|covered|treated|responsive|life|been (?:the same|right)|the same|right))|\s*(?:in|on|of|with|from) (?:other|similar|some) (?:cars|vehicles|models|people's|owners)|\s*(?:avoided|prevented|averted|ruled out|hazards?|unlikely)\b"
        ),
        cues=tuple(
            Cue(
                harm,
                c(rf"\b(?:{pattern})(?!\w)"),
                c(needs) if needs else None,
                c(unless) if unless else None,
                certain,
            )
            for harm, pattern, needs, unless, certain in _CUES
        ),
    )
